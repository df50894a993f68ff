"""The command line: parse, call, print, exit status. Everything else lives in the rooms below."""
