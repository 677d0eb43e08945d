// Node-RED's settings for `npm start`. Copied to .node-red/settings.js when that is missing; change it there.
// The command line adds the port, the flow file and the folder of the package (nodesDir).
module.exports = {
  // The editor is open to whoever reaches it, so it listens on this machine only.
  uiHost: '127.0.0.1',
  // The terminal belongs to the results; `info` tells more.
  logging: { console: { level: 'warn', metrics: false, audit: false } },
  telemetry: { enabled: false, updateNotification: false },
  diagnostics: { enabled: true, ui: true },
  editorTheme: { tours: false },
};
