"""Tests of core/tls."""
