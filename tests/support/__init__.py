"""What the tests share: the guards around every test, the fault catalogue, hostile peers."""
