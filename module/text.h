/* SPDX-License-Identifier: GPL-2.0 */
/*
 * text.h - a series for people
 */
#ifndef STALL_TEXT_H
#define STALL_TEXT_H

#include <linux/seq_file.h>

#include "view.h"

void stall_text_table(struct seq_file *m, const struct stall_view *view);
void stall_text_hist(struct seq_file *m, const struct stall_column *column,
		     const struct stallmeter_hist *hist);
void stall_text_view(struct seq_file *m, const struct stall_view *view);
void stall_text_column(struct seq_file *m, const struct stall_view *view,
		       const struct stall_column *column);

#endif /* STALL_TEXT_H */
