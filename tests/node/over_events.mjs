// node over_events.mjs URL TOKEN ID: a session followed with graphql-sse, then a stranger turned away.
import { createClient, NetworkError } from 'graphql-sse';
import { follow, viewer } from './following.mjs';

const [url, token, id] = process.argv.slice(2);

const connect = (authorization) => createClient({ url, headers: { authorization }, retryAttempts: 0 });

async function refusal(client) {
  try {
    await viewer((operation) => client.iterate(operation));
  } catch (error) {
    if (error instanceof NetworkError) return error.response.status;
    throw error;
  }
  return undefined;
}

const client = connect(token);
const iterate = (operation) => client.iterate(operation);
const seen = await follow({ url, token, id, iterate });
const afterwards = await viewer(iterate);
client.dispose();

console.log(JSON.stringify({ seen, afterwards, stranger: await refusal(connect('0'.repeat(32))) }));
