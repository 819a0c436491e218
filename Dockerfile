# One image with both commands: `registry-bridge serve` takes events in, `registry-worker deliver` sends them out.
# `docker build --build-arg EXTRAS=analytics .` makes one that can also export Parquet and make reports.
# The configuration is read from /etc/registry-bridge/bridge.yaml. Probes: /livez and /readyz of the port that a command listens on.

FROM python:3.13-slim AS build
WORKDIR /build
RUN python -m venv /opt/build && python -m venv /opt/bridge
ARG EXTRAS=""
COPY requirements.txt requirements-analytics.txt requirements-otel.txt requirements-build.txt ./
RUN /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements-build.txt \
 && /opt/bridge/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements${EXTRAS:+-$EXTRAS}.txt
COPY pyproject.toml hatch_build.py README.md LICENSE bridge.example.yaml ./
COPY docs/bridge.schema.json docs/
COPY schemas schemas
COPY runtime runtime
COPY producer producer
COPY consumer consumer
RUN /opt/build/bin/hatchling build --target wheel \
 && /opt/bridge/bin/pip install --no-cache-dir --no-deps dist/*.whl \
 && /opt/bridge/bin/pip uninstall --yes pip

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin bridge
COPY --from=build /opt/bridge /opt/bridge
ENV PATH=/opt/bridge/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    REGISTRY_BRIDGE_CONFIG=/etc/registry-bridge/bridge.yaml
USER 10001:10001
EXPOSE 5050 5051
CMD ["registry-bridge", "serve"]
