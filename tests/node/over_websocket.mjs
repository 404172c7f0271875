// node over_websocket.mjs URL TOKEN ID: a session followed with graphql-ws, then a stranger turned away.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { follow, viewer } from './following.mjs';

const [url, token, id] = process.argv.slice(2);

function connect(token) {
  const client = createClient({
    url: url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: { token },
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => {},
  });
  const closed = new Promise((resolve) => client.on('closed', ({ code, reason }) => resolve({ code, reason })));
  return { client, closed };
}

const { client, closed } = connect(token);
const iterate = (operation) => client.iterate(operation);
const seen = await follow({ url, token, id, iterate });
const afterwards = await viewer(iterate);
await client.dispose();

const stranger = connect('0'.repeat(32));
console.log(JSON.stringify({ seen, afterwards, closed: await closed, stranger: await stranger.closed }));
