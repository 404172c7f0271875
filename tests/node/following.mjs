// What a follower does, whichever transport carries it: listens, hangs up, and comes back.

const FOLLOW = `subscription ($id: ID!, $after: Int) {
  sessionEvents(sessionId: $id, after: $after) { seq kind }
}`;

const PLACE = `mutation ($input: PlaceOrderInput!) {
  placeOrder(input: $input) { version userErrors { code message } }
}`;

const ORDER = {
  type: 'LIMIT',
  price: '4.00',
  priceEffect: 'DEBIT',
  legs: [{ instrument: 'SPXW  250115C05950000', quantity: 1, action: 'BUY_TO_OPEN' }],
};

// Everything that was seen: a snapshot and an event, then a snapshot and what was missed meanwhile.
export async function follow({ url, token, id, iterate }) {
  const place = () =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: token },
      body: JSON.stringify({ query: PLACE, variables: { input: { sessionId: id, order: ORDER } } }),
    }).then((answer) => answer.json());

  const listen = (after) => iterate({ query: FOLLOW, variables: { id, after } });
  const take = async (stream) => (await stream.next()).value.data.sessionEvents;

  const first = listen(undefined);
  const seen = [await take(first)];
  await place();
  seen.push(await take(first));
  await first.return();
  await place();

  const second = listen(seen.at(-1).seq);
  seen.push(await take(second), await take(second));
  await second.return();
  return seen;
}

export async function viewer(iterate) {
  const stream = iterate({ query: '{ viewer { email } }' });
  const { value } = await stream.next();
  const { done } = await stream.next();
  return { ...value.data.viewer, done };
}
