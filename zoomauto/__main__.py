"""``python -m zoomauto``."""

from zoomauto.cli import main

if __name__ == "__main__":
    main()
