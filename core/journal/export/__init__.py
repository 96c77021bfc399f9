"""What is recorded, as a file for others: to read, for a spreadsheet, for a script, or the bare bytes."""
