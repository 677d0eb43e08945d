// Node-RED's settings for `npm start`. Copied to .node-red/settings.js when that is missing; change it there.
const { dirname } = require('node:path');

module.exports = {
  // The editor is open to whoever reaches it, so it listens on this machine only.
  uiHost: '127.0.0.1',
  // The folder above .node-red/ is the package itself: no installation, no link.
  nodesDir: dirname(__dirname),
  // The terminal belongs to the results; `info` tells more.
  logging: { console: { level: 'warn', metrics: false, audit: false } },
  telemetry: { enabled: false, updateNotification: false },
  diagnostics: { enabled: true, ui: true },
  editorTheme: { tours: false },
};
