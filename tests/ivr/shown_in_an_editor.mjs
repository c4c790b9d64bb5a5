// Shows a flow's schema at work in a real editor's part, yaml-language-server over LSP:
// node shown_in_an_editor.mjs SERVER SCHEMA.json FILE.yaml…; ‸ in a file is the cursor.
import {spawn} from 'node:child_process'
import {readFileSync} from 'node:fs'
import {pathToFileURL} from 'node:url'
const [,, server, schema, ...rest] = process.argv
const p = spawn('node', [server, '--stdio'])
let buf = Buffer.alloc(0), id = 0, waits = new Map(), diags = new Map()
p.stdout.on('data', d => { buf = Buffer.concat([buf, d]); for (;;) {
  const h = buf.indexOf('\r\n\r\n'); if (h < 0) return
  const n = +/Content-Length: (\d+)/.exec(buf.subarray(0, h))[1]
  if (buf.length < h + 4 + n) return
  const m = JSON.parse(buf.subarray(h + 4, h + 4 + n)); buf = buf.subarray(h + 4 + n)
  if (m.method === 'workspace/configuration') send({id: m.id, result: m.params.items.map(i => i.section === 'yaml' ? settings.yaml : {})})
  else if (m.method === 'textDocument/publishDiagnostics') diags.get(m.params.uri)?.(m.params.diagnostics)
  else if (m.id !== undefined && m.method) send({id: m.id, result: null})
  else if (waits.has(m.id)) { waits.get(m.id)(m); waits.delete(m.id) }
}})
const settings = {yaml: {schemas: {[pathToFileURL(schema).href]: '*.yaml'}, validate: true, completion: true, hover: true, schemaStore: {enable: false}}}
function send(m) { const s = JSON.stringify({jsonrpc: '2.0', ...m}); p.stdin.write(`Content-Length: ${Buffer.byteLength(s)}\r\n\r\n${s}`) }
const ask = (method, params) => new Promise(r => { waits.set(++id, r); send({id, method, params}) })
await ask('initialize', {processId: process.pid, rootUri: null, capabilities: {workspace: {configuration: true}, textDocument: {completion: {completionItem: {snippetSupport: false, documentationFormat: ['markdown']}}, publishDiagnostics: {}}}})
send({method: 'initialized', params: {}})
send({method: 'workspace/didChangeConfiguration', params: {settings}})
let n = 0
for (const file of rest) {
  let text = readFileSync(file, 'utf8'), at = text.indexOf('‸'), uri = `file:///t/${++n}.yaml`
  text = text.replace('‸', '')
  const told = new Promise(r => diags.set(uri, r))
  send({method: 'textDocument/didOpen', params: {textDocument: {uri, languageId: 'yaml', version: 1, text}}})
  const found = await told
  console.log(`== ${file}: ${found.length} problems`)
  for (const d of found) console.log(`  ${d.range.start.line + 1}:${d.range.start.character + 1} ${d.message.replaceAll('\n', ' ')}`)
  if (at >= 0) { const before = text.slice(0, at).split('\n')
    const c = await ask('textDocument/completion', {textDocument: {uri}, position: {line: before.length - 1, character: before.at(-1).length}})
    for (const i of (c.result.items ?? c.result)) console.log(`  + ${i.label}  ${typeof i.documentation === 'object' ? i.documentation.value : i.documentation ?? ''}`) }
}
await ask('shutdown', null); send({method: 'exit'}); setTimeout(() => process.exit(), 300)
