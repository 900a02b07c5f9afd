// SPDX-License-Identifier: GPL-2.0
/*
 * input_test.c - what is told when the module's file is not there, and how
 * files are written
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input.h"
#include "tap.h"

static char folder[64];

/* Reads below a mount point, and looks for @words in the message. */
static void test_place(const char *mount, long magic, const char *file,
		       enum stallmeter_exit code, const char *words)
{
	const struct input_place place = {
		.mount = mount, .magic = magic, .file = file,
	};
	struct failure why = { "" };
	struct input input = { NULL, 0 };

	ok(input_read_place(&input, &place, &why) == code &&
	   (words ? !!strstr(why.text, words) : !*why.text) &&
	   !input.data == !!code, "%s%s gives %d: %s", mount, file, code,
	   *why.text ? why.text : "-");
	free(input.data);
}

static void test_places(void)
{
	test_place("/proc", DEBUGFS_MAGIC, "/no/such", STALLMETER_ABSENT,
		   "debugfs is not mounted; mount -t debugfs none /proc");
	test_place("/no/such", DEBUGFS_MAGIC, "/file", STALLMETER_ABSENT,
		   "debugfs is not mounted");
	test_place("/proc", PROC_SUPER_MAGIC, "/no/such", STALLMETER_ABSENT,
		   "the module is not loaded; modprobe stallmeter");
	test_place("/proc", PROC_SUPER_MAGIC, "/version", STALLMETER_OK, NULL);
	test_place("/proc", PROC_SUPER_MAGIC, "/self", STALLMETER_ERROR,
		   "Is a directory");
}

static void test_denied(void)
{
	if (chmod(folder, 0) || (!geteuid() && seteuid(65534))) {
		ok(true, "permission # SKIP cannot give up being root");
		return;
	}
	test_place(folder, 0, "/file", STALLMETER_DENIED, "run it as root");
	if (!getuid() && seteuid(0))
		abort();
}

/* A pipe has no size: what is read grows with what comes. */
static void test_pipe(void)
{
	struct failure why = { "" };
	struct input input;
	FILE *pipe;
	int saved = dup(STDIN_FILENO);

	pipe = popen("yes 1234567 2>&1 | head -c 1000000", "r");
	if (!pipe || dup2(fileno(pipe), STDIN_FILENO) < 0)
		abort();
	ok(!input_read(&input, "-", &why) && input.size == 1000000 &&
	   !memcmp((char *)input.data + 999992, "1234567\n", 8),
	   "a pipe is read to its end");
	free(input.data);
	dup2(saved, STDIN_FILENO);
	pclose(pipe);
}

static unsigned int nr_files(void)
{
	char command[128];
	unsigned int nr = 0;
	FILE *pipe;

	snprintf(command, sizeof(command), "ls -A %s | wc -l", folder);
	pipe = popen(command, "r");
	if (!pipe || fscanf(pipe, "%u", &nr) != 1)
		abort();
	pclose(pipe);
	return nr;
}

static void test_write(void)
{
	char text[] = "0123456789";
	const struct input out = { text, 10 };
	struct failure why = { "" };
	struct input in;
	char path[96];

	snprintf(path, sizeof(path), "%s/file", folder);
	ok(!input_write(&out, path, &why) && !input_read(&in, path, &why) &&
	   in.size == 10 && !memcmp(in.data, text, 10), "a file is written");
	free(in.data);
	ok(!input_write(&out, path, &why), "and replaced");
	ok(nr_files() == 1, "and nothing else is left behind");
	unlink(path);
	if (mkdir(path, 0700))
		abort();
	ok(input_write(&out, path, &why) == STALLMETER_ERROR && *why.text,
	   "a folder is not replaced: %s", why.text);
	ok(nr_files() == 1, "and then, too, nothing else is left behind");
	ok(input_write(&out, "/no/such/file", &why) == STALLMETER_ERROR,
	   "a folder that is not there is told: %s", why.text);
	rmdir(path);
}

int main(void)
{
	snprintf(folder, sizeof(folder), "/tmp/stallmeter-input-XXXXXX");
	if (!mkdtemp(folder))
		abort();
	test_places();
	test_pipe();
	test_write();
	test_denied();
	chmod(folder, 0700);
	ok(!rmdir(folder), "the test cleans up");
	return done();
}
