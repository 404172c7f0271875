'use strict';

const welcome = `# The zerodte GraphQL API. Open the book on the left for every type and field.
#
# Sign in with the mutations requestCode and register (or login), then put the token into the
# Headers pane below:  { "Authorization": "YOUR TOKEN" }   Subscriptions use the same header.

query Days {
  marketSessions(first: 10) {
    nodes { date startTime endTime restricted synthetic }
  }
}
`;

const socket = new URL(window.location.pathname, window.location.href);
socket.protocol = socket.protocol === 'https:' ? 'wss:' : 'ws:';

const fetcher = GraphiQL.createFetcher({ url: window.location.pathname, subscriptionUrl: socket.href });
const explorer = React.createElement(GraphiQL, {
  fetcher,
  defaultQuery: welcome,
  defaultEditorToolsVisibility: 'headers',
  shouldPersistHeaders: false,
});

ReactDOM.createRoot(document.getElementById('explorer')).render(explorer);
