// SPDX-License-Identifier: GPL-2.0
/*
 * input.c - bytes in, bytes out
 *
 * A file is read whole before anything in it is believed: what the module
 * shows is one moment for one open file, and checking needs all of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "input.h"
#include "text.h"

#define INPUT_FIRST	(64UL << 10)
#define INPUT_LIMIT	(256UL << 20)

const struct input_place input_module = {
	.mount = "/sys/kernel/debug",
	.magic = DEBUGFS_MAGIC,
	.file = "/stallmeter/snapshot",
};

static enum stallmeter_exit denied(const char *path, int error,
				   struct failure *why)
{
	return fail(why, STALLMETER_DENIED, "%s: %s; %s", path, strerror(error),
		    geteuid() ? "run it as root" :
		    "see whether kernel lockdown or a container keeps root out");
}

static enum stallmeter_exit io_failed(const char *path, int error,
				      struct failure *why)
{
	if (error == EACCES || error == EPERM)
		return denied(path, error, why);
	return fail(why, STALLMETER_ERROR, "%s: %s; check the path and the device",
		    path, strerror(error));
}

static enum stallmeter_exit too_large(const char *path, struct failure *why)
{
	return fail(why, STALLMETER_ERROR,
		    "%s: corrupt snapshot: more than %lu MiB; take a new one",
		    path, INPUT_LIMIT >> 20);
}

/* Double what was read so far: memory follows the bytes that truly came. */
static enum stallmeter_exit grow(struct input *input, size_t *room,
				 const char *path, struct failure *why)
{
	size_t wanted = *room * 2;
	void *data;

	if (input->size < *room)
		return STALLMETER_OK;
	if (input->size > INPUT_LIMIT)
		return too_large(path, why);
	data = realloc(input->data, wanted);
	if (!data)
		return fail(why, STALLMETER_ERROR, "%s: %s; free some memory",
			    path, strerror(ENOMEM));
	input->data = data;
	*room = wanted;
	return STALLMETER_OK;
}

static enum stallmeter_exit read_all(struct input *input, int fd, size_t room,
				     const char *path, struct failure *why)
{
	enum stallmeter_exit code;
	ssize_t n;

	for (;;) {
		code = grow(input, &room, path, why);
		if (code)
			return code;
		n = read(fd, (char *)input->data + input->size,
			 room - input->size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return io_failed(path, errno, why);
		if (n == 0)
			return STALLMETER_OK;
		input->size += n;
	}
}

static enum stallmeter_exit read_fd(struct input *input, int fd,
				    const char *path, struct failure *why)
{
	size_t room = INPUT_FIRST;
	enum stallmeter_exit code;
	struct stat st;

	input->size = 0;
	input->data = NULL;
	if (fstat(fd, &st))
		return io_failed(path, errno, why);
	if (S_ISDIR(st.st_mode))
		return io_failed(path, EISDIR, why);
	/* In debugfs the size is 0; one byte more lets read() find the end. */
	if (S_ISREG(st.st_mode) && st.st_size > 0) {
		if ((__u64)st.st_size > INPUT_LIMIT)
			return too_large(path, why);
		room = st.st_size + 1;
	}
	input->data = text_alloc(1, room);
	code = read_all(input, fd, room, path, why);
	if (code) {
		free(input->data);
		input->data = NULL;
		input->size = 0;
	}
	return code;
}

enum stallmeter_exit input_read(struct input *input, const char *path,
				struct failure *why)
{
	enum stallmeter_exit code;
	int fd;

	if (!strcmp(path, "-"))
		return read_fd(input, STDIN_FILENO, "standard input", why);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return io_failed(path, errno, why);
	code = read_fd(input, fd, path, why);
	close(fd);
	return code;
}

static enum stallmeter_exit absent(const struct input_place *place,
				   const char *path, struct failure *why)
{
	struct statfs fs;

	if (statfs(place->mount, &fs) || fs.f_type != place->magic)
		return fail(why, STALLMETER_ABSENT,
			    "%s: debugfs is not mounted; mount -t debugfs none %s",
			    place->mount, place->mount);
	return fail(why, STALLMETER_ABSENT,
		    "%s: the module is not loaded; modprobe stallmeter", path);
}

enum stallmeter_exit input_read_place(struct input *input,
				      const struct input_place *place,
				      struct failure *why)
{
	enum stallmeter_exit code;
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s%s", place->mount, place->file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return absent(place, path, why);
	if (fd < 0)
		return io_failed(path, errno, why);
	code = read_fd(input, fd, path, why);
	close(fd);
	return code;
}

static int write_all(int fd, const struct input *input)
{
	size_t done = 0;
	ssize_t n;

	while (done < input->size) {
		n = write(fd, (const char *)input->data + done,
			  input->size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += n;
	}
	return 0;
}

/* The one name that a device or a pipe has is not taken away from it. */
static int write_special(const char *path, const struct input *input)
{
	int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return -errno;
	error = write_all(fd, input);
	if (close(fd) && !error)
		error = -errno;
	return error;
}

static int write_temporary(int fd, const struct input *input)
{
	int error = write_all(fd, input);

	/* Or a crash after the rename could leave an empty file. */
	if (!error && fsync(fd))
		error = -errno;
	if (close(fd) && !error)
		error = -errno;
	return error;
}

static int write_file(const char *path, const struct input *input)
{
	char *temporary;
	size_t size;
	FILE *name;
	int error;
	int fd;

	name = text_open(&temporary, &size);
	fprintf(name, "%s.XXXXXX", path);
	text_close(name);
	fd = mkstemp(temporary);
	error = fd < 0 ? -errno : write_temporary(fd, input);
	if (!error && rename(temporary, path))
		error = -errno;
	if (error && fd >= 0)
		unlink(temporary);
	free(temporary);
	return error;
}

/* A link stays one: what it leads to is replaced. */
static int write_existing(const char *path, const struct input *input)
{
	char *target = realpath(path, NULL);
	int error = target ? write_file(target, input) : -errno;

	free(target);
	return error;
}

enum stallmeter_exit input_write(const struct input *input, const char *path,
				 struct failure *why)
{
	struct stat st;
	int error;

	if (!strcmp(path, "-")) {
		path = "standard output";
		error = write_all(STDOUT_FILENO, input);
	} else if (!stat(path, &st)) {
		error = S_ISREG(st.st_mode) ? write_existing(path, input) :
					      write_special(path, input);
	} else if (errno != ENOENT) {
		error = -errno;
	} else if (!lstat(path, &st)) {
		return fail(why, STALLMETER_ERROR,
			    "%s: a link to a file that is not there; give the file itself",
			    path);
	} else {
		error = write_file(path, input);
	}
	return error ? io_failed(path, -error, why) : STALLMETER_OK;
}
