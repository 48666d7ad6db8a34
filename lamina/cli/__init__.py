"""The `lamina` command: `main.py` reads the command line, every other file is one subcommand."""
