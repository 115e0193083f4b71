// The browser is the user's own or the one in @sparticuz/chromium: nothing is downloaded at install.
module.exports = { skipDownload: true };
