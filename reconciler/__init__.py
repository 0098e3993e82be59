"""Keeps a school's people in Vidigami as its student information system has them."""

__version__ = "0.1.0"
