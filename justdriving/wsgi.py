"""The door for gunicorn."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "justdriving.settings")

application = get_wsgi_application()
gc.collect()
gc.freeze()  # what was loaded stays for ever: no need to look through it again and again
