"""The referee: dcmconv beside a C program and its peers, in one run; see README.md."""
