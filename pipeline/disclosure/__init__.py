"""What may leave of the numbers shown: each judged by the rules of disclosure.toml, and made into what is released."""
