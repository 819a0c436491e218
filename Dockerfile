# One image with both commands: `registry-bridge serve` takes events in, `registry-worker deliver` sends them out.
#
#   docker build --tag registry-event-bridge .
#   docker build --tag registry-event-bridge:analytics --target analytics .      (exports Parquet and makes reports too)
#   docker build --tag registry-event-bridge:iceberg --target iceberg .          (and exports to Iceberg tables)
#   docker build --tag registry-event-bridge:otel --target otel .                (sends traces too)
#
# The configuration is read from /etc/registry-bridge/bridge.yaml. Nothing is written but /tmp, which `--processes` and
# exports use, and the folder of a spool, for which /var/lib/registry-bridge is there: run it with a read-only root.

FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
RUN python -m venv --without-pip /opt/build && python -m venv --without-pip /opt/bridge
COPY requirements.txt requirements-build.txt ./
RUN pip --python /opt/build/bin/python install --require-hashes -r requirements-build.txt \
 && pip --python /opt/bridge/bin/python install --require-hashes --only-binary :all: -r requirements.txt
COPY pyproject.toml hatch_build.py README.md LICENSE bridge.example.yaml ./
COPY docs/bridge.schema.json docs/
COPY schemas schemas
COPY runtime runtime
COPY producer producer
COPY consumer consumer
RUN /opt/build/bin/hatchling build --target wheel \
 && pip --python /opt/bridge/bin/python install --no-deps dist/*.whl

FROM build AS build-analytics
COPY requirements-analytics.txt ./
RUN pip --python /opt/bridge/bin/python install --require-hashes --only-binary :all: -r requirements-analytics.txt

FROM build AS build-iceberg
COPY requirements-iceberg.txt ./
RUN pip --python /opt/bridge/bin/python install --require-hashes --only-binary :all: -r requirements-iceberg.txt

FROM build AS build-otel
COPY requirements-otel.txt ./
RUN pip --python /opt/bridge/bin/python install --require-hashes --only-binary :all: -r requirements-otel.txt

FROM python:3.13-slim AS runtime
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin bridge \
 && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/registry-bridge
COPY --chmod=755 deploy/image/healthcheck.py /usr/local/bin/healthcheck
ENV PATH=/opt/bridge/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    REGISTRY_BRIDGE_CONFIG=/etc/registry-bridge/bridge.yaml
ARG REVISION=""
LABEL org.opencontainers.image.title="registry-event-bridge" \
      org.opencontainers.image.description="A durable event bridge for container registries: notifications onto Kafka, and from there to every endpoint, in order and without loss." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="docker.io/library/python:3.13-slim"
USER 10001:10001
EXPOSE 5050 5051
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["healthcheck"]
CMD ["registry-bridge", "serve"]

FROM runtime AS analytics
COPY --from=build-analytics /opt/bridge /opt/bridge

FROM runtime AS iceberg
COPY --from=build-iceberg /opt/bridge /opt/bridge

FROM runtime AS otel
COPY --from=build-otel /opt/bridge /opt/bridge

FROM runtime AS bridge
COPY --from=build /opt/bridge /opt/bridge
