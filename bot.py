"""`python bot.py`: the whole bot. `python bot.py --help` says what else it can do."""

from nps_bot.cli import main

if __name__ == "__main__":
    main()
