"""Bank statement files, read into plain rows: pure, streaming, without Django. Enter at `finance.statements.parse`."""
