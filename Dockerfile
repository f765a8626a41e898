# One image for the web server, the worker and the commands of operators, which all run `manage.py`.
FROM python:3.11-slim AS packages
WORKDIR /build
RUN pip install --no-cache-dir uv==0.13.9
COPY pyproject.toml uv.lock ./
# Without the default groups, which contain tests, linters and the embedded database.
RUN python -m venv /venv \
    && uv export --quiet --frozen --no-default-groups --no-emit-project --output-file requirements.txt \
    && uv pip sync --python /venv/bin/python --require-hashes --compile-bytecode --no-cache requirements.txt

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --no-create-home mingus
WORKDIR /app
COPY --from=packages /venv /venv
COPY . .
# Django requires a key to be set; nothing is signed with it here.
RUN SECRET_KEY=only-while-static-files-are-collected python manage.py collectstatic --noinput --verbosity 0
USER mingus
EXPOSE 8000
CMD ["python", "manage.py", "serve"]
