# Two images: `server` (the default) and `contract`, which has check-server, calibrate and check-client as well.
#   docker build -t vatportal-mock .
#   docker build -t vatportal-mock:contract --target contract .
# Everything but the base comes from lock files with hashes. The stages that stay run nothing: no shell is needed in them.
ARG PYTHON_IMAGE=python:3.12-slim-bookworm
ARG RUNTIME_IMAGE=${PYTHON_IMAGE}

FROM ${PYTHON_IMAGE} AS wheel
WORKDIR /src
COPY requirements-build.lock ./
RUN python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-build.lock
COPY . .
RUN python -m hatchling build -t wheel -d /dist

# The environments have no pip of their own; the one of the base fills them.
FROM ${PYTHON_IMAGE} AS server-files
COPY requirements-postgres.lock /
RUN python -m venv --without-pip /opt/vatportal-mock \
 && python -m pip --python /opt/vatportal-mock install --no-cache-dir --disable-pip-version-check \
      --require-hashes --only-binary :all: -r /requirements-postgres.lock
COPY --from=wheel /dist /dist
RUN python -m pip --python /opt/vatportal-mock install --no-cache-dir --disable-pip-version-check --no-deps --no-index /dist/*.whl \
 && mkdir /data

FROM server-files AS contract-files
COPY requirements-contract.lock /
RUN python -m pip --python /opt/vatportal-mock install --no-cache-dir --disable-pip-version-check \
      --require-hashes --only-binary :all: -r /requirements-contract.lock

FROM ${RUNTIME_IMAGE} AS runtime
ENV PATH=/opt/vatportal-mock/bin:/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 \
    VATPORTAL_MOCK_HOST=0.0.0.0 VATPORTAL_MOCK_PORT=8080
COPY --from=server-files --chown=10001:10001 /data /data
USER 10001:10001
WORKDIR /data
EXPOSE 8080
ENTRYPOINT ["vatportal-mock"]
CMD ["serve"]
HEALTHCHECK --interval=5s --timeout=4s --start-period=5s --retries=5 CMD ["vatportal-mock", "healthcheck"]
LABEL org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="the vatportal-mock authors"

FROM runtime AS contract
LABEL org.opencontainers.image.title="vatportal-mock with the contract kit" \
      org.opencontainers.image.description="Simulator of the VatPortal API, and the suites that judge servers and clients. Unofficial."
COPY --from=contract-files /opt/vatportal-mock /opt/vatportal-mock

FROM runtime AS server
LABEL org.opencontainers.image.title="vatportal-mock" \
      org.opencontainers.image.description="A stateful simulator of the VatPortal API (e-taxes.gov.az). Unofficial."
COPY --from=server-files /opt/vatportal-mock /opt/vatportal-mock
