"""A source, a stage and a destination for zoomauto."""
