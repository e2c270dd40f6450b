FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /app
RUN python -m venv /venv
COPY requirements/production.txt requirements/
RUN /venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/production.txt
COPY . .
RUN /venv/bin/python scripts/compile_catalogs.py \
    && scripts/as-production /venv/bin/python manage.py collectstatic --no-input \
    && mkdir -p var/media var/beat

FROM python:3.12-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 JD_MODE=production
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin justdriving
COPY --from=build /venv /venv
COPY --from=build /app /app
RUN chown -R justdriving /app/var
WORKDIR /app
USER justdriving
EXPOSE 8000
CMD ["gunicorn", "justdriving.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", \
     "--workers", "2", "--threads", "8", "--no-control-socket", "--worker-tmp-dir", "/dev/shm"]
