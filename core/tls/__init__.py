"""TLS as values, contexts and certificates: what was asked for, what came of it, and who vouches for whom."""
