"""Ratios, each pair measured in one run; `make bench` prints them."""
