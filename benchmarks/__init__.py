"""The referee: dcmconv compared with a C program and its peers in one run; see README.md."""
