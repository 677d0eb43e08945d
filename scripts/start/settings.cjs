// Node-RED's settings for `npm start`. Copied to .node-red/settings.js when that is missing; change it there.
// The command line adds the port, the flow file and the folder of the package (nodesDir).
module.exports = {
  // The editor is open to whoever reaches it, so it listens on this machine only.
  uiHost: '127.0.0.1',
  // The terminal belongs to the results; `info` tells more.
  logging: { console: { level: 'warn', metrics: false, audit: false } },
  // Made anew for each user directory when this file is copied.
  credentialSecret: 'generated',
  telemetry: { enabled: false, updateNotification: false },
  diagnostics: { enabled: true, ui: true },
  // No projects; `enabled: false` would be a warning above the results each time.
  editorTheme: { tours: false, projects: {} },
};
