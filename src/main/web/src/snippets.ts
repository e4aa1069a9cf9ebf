/** The install command and the code that connect an application, for each client. */
export const snippets = (base: URL, room: string, isOpen: boolean): Array<{ name: string, install: string, code: string }> => {
  const socket = base.href.replace(/^http/, 'ws')
  const token = isOpen ? '' : ", { params: { token } }"
  const bearer = isOpen ? '' : " -H 'Authorization: Bearer TOKEN'"
  return [
    {
      name: 'y-websocket',
      install: 'npm i yjs y-websocket',
      code: `import * as Y from 'yjs'
import { WebsocketProvider } from 'y-websocket'

const doc = new Y.Doc()
const provider = new WebsocketProvider('${socket}collaboration', encodeURIComponent('${room}'), doc${token})`
    },
    {
      name: 'KeckProvider',
      install: 'nothing to install: the server provides it',
      code: `import { KeckProvider } from '${base.href}client/keck-provider.js'
import * as Y from '${base.href}client/yjs.js'

const provider = new KeckProvider('${socket}collaboration', '${room}', new Y.Doc()${isOpen ? '' : ', { token }'})
provider.on('saved', saved => console.log(saved ? 'saved' : 'saving…'))`
    },
    {
      name: 'Hocuspocus',
      install: 'npm i yjs @hocuspocus/provider',
      code: `import * as Y from 'yjs'
import { HocuspocusProvider } from '@hocuspocus/provider'

const provider = new HocuspocusProvider({
  url: '${socket}hocuspocus', name: '${room}', document: new Y.Doc()${isOpen ? '' : ', token'}
})`
    },
    {
      name: 'Python',
      install: 'pip install pycrdt pycrdt-websocket websockets',
      code: `from pycrdt import Doc, Provider
from pycrdt.websocket.websocket import HttpxWebsocket
from httpx_ws import aconnect_ws

async with aconnect_ws("${base.href}collaboration/${encodeURIComponent(room)}") as socket:
    async with Provider(Doc(), HttpxWebsocket(socket, "${room}")):
        ...`
    },
    {
      name: 'Java',
      install: 'the artifact io.keck:keck-engine, which needs nothing but a JDK',
      code: `var request = HttpRequest.newBuilder(URI.create("${base.href}api/block/${encodeURIComponent(room)}/export/v1")).build();
var doc = new Doc();
doc.applyUpdate(HttpClient.newHttpClient().send(request, BodyHandlers.ofByteArray()).body());`
    },
    {
      name: 'curl',
      install: 'installed on every system',
      code: `curl -X POST ${base.href}api/block/${encodeURIComponent(room)}/text/title${bearer} \\
     -H 'Content-Type: application/json' -d '{"action":"set","value":"Hello from a back end"}'
curl '${base.href}api/documents/${encodeURIComponent(room)}?format=json'${bearer}`
    }
  ]
}
