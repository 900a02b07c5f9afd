/* SPDX-License-Identifier: GPL-2.0 */
/*
 * util.h - what the kernel's headers would give
 */
#ifndef _STALLMETER_UTIL_H
#define _STALLMETER_UTIL_H

#define ARRAY_SIZE(_array)	(sizeof(_array) / sizeof((_array)[0]))

#ifndef __printf
#define __printf(_format, _first)	\
	__attribute__((__format__(__printf__, _format, _first)))
#endif

#endif /* _STALLMETER_UTIL_H */
