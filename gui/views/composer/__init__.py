"""The composer: where a person writes, and sees which bytes will go out."""
