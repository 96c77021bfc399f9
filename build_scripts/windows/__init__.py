"""Windows programs on a Debian machine: a Windows Python under Wine. It proves, and is no release."""
