"""The crash campaign: the bot is killed again and again, and the sandbox's ledger is the judge."""
