"""Benchmarks: each figure beside a named peer doing the same work in the same run."""
