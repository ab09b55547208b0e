/** What may stand in the list of origins. */
export const ORIGINS_HINT = (
  <>
    <p>
      Which web pages may call: scheme, host and port as browsers send them, without a path. The gateway
      checks them as you type.
    </p>
    <ul className="examples">
      <li>
        <code>https://app.example.com</code> exactly that site
      </li>
      <li>
        <code>https://*.example.com</code> its subdomains, never <code>https://example.com</code> itself
      </li>
      <li>
        <code>http://localhost:*</code> any port of this host
      </li>
      <li>
        <code>*</code> every page on the web
      </li>
    </ul>
  </>
);
