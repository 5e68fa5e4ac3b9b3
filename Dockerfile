# Build: everything, then the compiled program alone.
FROM node:26-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

# Run: production dependencies, no compiler, no root.
FROM node:26-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json LICENSE README.md ./
RUN npm ci --omit=dev && npm cache clean --force
COPY config config
COPY --from=build /build/dist dist
RUN mkdir -p /etc/graygate /var/lib/graygate && chown node:node /var/lib/graygate
USER node
EXPOSE 8080 9900
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=2s --start-period=5s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9900/healthz').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Mount the configuration at /etc/graygate; revisions and live changes are kept in /var/lib/graygate.
ENTRYPOINT ["node", "dist/main.js"]
CMD ["run", "-c", "/etc/graygate/graygate.yaml", "--state", "/var/lib/graygate"]
