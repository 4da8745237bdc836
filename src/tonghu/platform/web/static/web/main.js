// The behaviour of every page, in small modules. Pages work without it; it makes them quicker.
import { watchCharts } from "./charts.js";
import { watchDays } from "./days.js";
import { watchDrafts } from "./drafts.js";
import { watchKeys } from "./keys.js";
import { watchPaper } from "./paper.js";
import { watchPickers } from "./picker.js";
import { watchSearch } from "./search.js";
import { watchSheets } from "./sheets.js";
import { watchTheme } from "./theme-switch.js";
import { watchToasts } from "./toasts.js";

watchSheets();
watchKeys();
watchPickers();
watchSearch();
watchDays();
watchDrafts();
watchToasts();
watchTheme();
watchCharts();
watchPaper();
