/* What lists do besides rows.js: glance, filters by keyboard, and remembering the way for "[" and "]" on a record. */
import "./list-peek.js";
import "./list-filters.js";
import "./list-walk.js";
