"""Money: accounts, transactions, statement imports."""
