/* All shared behaviours; each binds itself by data- attributes and works in fragments that arrive later. */
import "./menu.js";
import "./panel.js";
import "./toasts.js";
import "./requests.js";
import "./shortcuts.js";
import "./palette.js";
import "./rows.js";
import "./submit-once.js";
import "./auto-submit.js";
import "./copy.js";
import "./pick.js";
import "./fields.js";
import "./unsaved.js";
import "./clock.js";
import "./live.js";
import "./chart.js";
