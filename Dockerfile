# The released binary beside certificates of authorities, which the base brings, and a shell for CI servers that
# begin with one. .github/workflows/release.yml lays the binaries into image/.
FROM alpine:3.22
ARG TARGETARCH
COPY --chmod=755 image/${TARGETARCH}/idp-run /usr/local/bin/idp-run
USER 65532:65532
ENV HOME=/tmp
WORKDIR /workspace
CMD ["idp-run", "--help"]
