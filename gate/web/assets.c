/* The files that pages refer to, as they lie in assets/, and uPlot, as
 * contrib/uplot fetched it: the assembler puts them in, the Makefile says that
 * this file depends on them. */
#include "web/web.h"

#include <stddef.h>

#define ASSET(symbol, file)                                                    \
	__asm__(".section .rodata\n"                                           \
		".globl web_asset_" #symbol "\n"                               \
		"web_asset_" #symbol ":\n"                                     \
		".incbin \"" file "\"\n"                                       \
		".globl web_asset_" #symbol "_end\n"                           \
		"web_asset_" #symbol "_end:\n"                                 \
		".byte 0\n"                                                    \
		".previous\n");                                                \
	extern const char web_asset_##symbol[], web_asset_##symbol##_end[]

ASSET(style, "gate/web/assets/style.css");
ASSET(page, "gate/web/assets/page.js");
ASSET(icon, "gate/web/assets/icon.svg");
ASSET(uplot, UPLOT_DIR "/uplot.js");
ASSET(uplot_style, UPLOT_DIR "/uplot.css");

const struct web_asset web_assets[] = {
	{ "style.css", "text/css; charset=utf-8", web_asset_style,
	  web_asset_style_end },
	{ "page.js", "text/javascript; charset=utf-8", web_asset_page,
	  web_asset_page_end },
	{ "icon.svg", "image/svg+xml", web_asset_icon, web_asset_icon_end },
	{ "uplot.js", "text/javascript; charset=utf-8", web_asset_uplot,
	  web_asset_uplot_end },
	{ "uplot.css", "text/css; charset=utf-8", web_asset_uplot_style,
	  web_asset_uplot_style_end },
	{ NULL, NULL, NULL, NULL },
};
