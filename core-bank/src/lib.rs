//! core-bank
