/** Makes the pictures of one theme: `main light|dark [--check] [words of names]`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Editor, editorSettings, noBrowser } from '../../test/support/browser';
import { freePort, NodeRed, repository } from '../../test/support/node-red';
import { difference, fontMeasure } from './compare';
import { exampleFlow, statusFlow } from './flows';
import { pictures, type Picture, type Subject } from './pictures';
import { takePicture } from './still';

const [theme, ...args] = process.argv.slice(2);
const isCheck = args.includes('--check');
const words = args.filter((arg) => !arg.startsWith('--'));
const committed = join(repository, 'docs', 'images');
const made = isCheck ? join(repository, '.cache', 'screenshots') : committed;
/** Of the machine that the pictures were made on. */
const fontsFile = join(committed, 'fonts.txt');

async function make(picture: Picture, subject: Subject): Promise<Buffer> {
  const { page } = subject.editor;
  await page.setViewportSize({ width: picture.width, height: picture.height });
  await page.emulateMedia({ reducedMotion: 'reduce' });
  // As Node-RED 5 does it when the user chooses the theme; older versions have no such class.
  await page.evaluate((isDark) => {
    document.documentElement.classList.toggle('nr-theme-dark', isDark);
  }, picture.theme === 'dark');
  const taken = await takePicture(page, await picture.show(subject));
  await subject.editor.cancelDialog();
  writeFileSync(join(made, `${picture.name}.png`), taken);
  return taken;
}

async function check(picture: Picture, taken: Buffer, editor: Editor): Promise<void> {
  const file = join(committed, `${picture.name}.png`);
  const reason = existsSync(file) ? await difference(editor.page, readFileSync(file), taken) : 'it is missing';
  if (reason === undefined) return;
  console.error(`${picture.name}.png is stale: ${reason}. Make it anew: npm run screenshots -- ${picture.name}`);
  process.exitCode = 1;
}

/** The editor's tips take the room of what is shown, and change. */
async function hideTips({ page }: Editor): Promise<void> {
  await page.evaluate(() => {
    const { RED } = window as unknown as { RED: { actions: { invoke(name: string, state: boolean): void } } };
    RED.actions.invoke('core:toggle-show-tips', false);
  });
}

async function makeAll(wanted: readonly Picture[], subject: Subject): Promise<void> {
  const { editor } = subject;
  await hideTips(editor);
  const fonts = await fontMeasure(editor.page);
  const known = existsSync(fontsFile) ? readFileSync(fontsFile, 'utf8').trim() : fonts;
  if (isCheck && fonts !== known) {
    console.log(`skipped: this machine has other fonts (${fonts}) than the pictures were made with (${known})`);
    return;
  }
  if (!isCheck) writeFileSync(fontsFile, `${fonts}\n`);
  for (const picture of wanted) {
    const taken = await make(picture, subject);
    console.log(`${picture.name}.png, ${(taken.length / 1000).toFixed(0)} kB`);
    if (isCheck) await check(picture, taken, editor);
  }
}

async function main(): Promise<void> {
  const wanted = pictures.filter((picture) => {
    return picture.theme === theme && (words.length === 0 || words.some((word) => picture.name.includes(word)));
  });
  if (wanted.length === 0) return;
  if (noBrowser !== false) {
    console.log(`skipped: ${noBrowser}`);
    return;
  }
  mkdirSync(made, { recursive: true });
  const port = await freePort();
  const flow = exampleFlow(port);
  const nodeRed = await NodeRed.start({ flows: [...flow, ...statusFlow(flow)], settings: editorSettings });
  try {
    const editor = await Editor.open(nodeRed);
    await makeAll(wanted, { editor, nodeRed, flow }).finally(() => editor.close());
  } finally {
    await nodeRed.stop();
  }
}

void main();
