"""`python -m sonoscope_training`."""

import sys

from sonoscope_training.cli import main

sys.exit(main())
