// SPDX-License-Identifier: GPL-2.0
/*
 * epoll_target - what an item watches, and whether there is something to read
 *
 * What a file's poll() would say is asked of the socket, without calling it: some
 * of them note that they were asked, or ask a process. Files, sockets and pipes
 * may go while they are looked at; two looks that say the same are believed.
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/in.h>
#include <linux/magic.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/pipe_fs_i.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>

#include "epoll.h"
#include "epoll_target.h"

/**
 * struct target_socket - what is read of a socket
 * @sk: its address
 * @common: addresses, ports, family, state
 * @protocol: IPPROTO_TCP and so on
 * @type: SOCK_STREAM and so on
 * @shutdown: RCV_SHUTDOWN if no more can come
 * @flags: SOCK_DONE if the peer said so
 * @error: it has one to tell
 */
struct target_socket {
	const struct sock *sk;
	struct sock_common common;
	u16 protocol;
	u16 type;
	u8 shutdown;
	unsigned long flags;
	int error;
};

static const struct inode *target_inode(const struct epoll_item *item,
					umode_t *mode)
{
	const struct inode *inode;

	if (!epoll_peek(&inode, &item->file->f_inode) ||
	    !epoll_peek(mode, &inode->i_mode))
		return NULL;
	return inode;
}

static bool target_socket(const struct epoll_item *item,
			  struct target_socket *socket)
{
	const struct socket *sock;
	const struct sock *sk;
	umode_t mode;

	if (!target_inode(item, &mode) || !S_ISSOCK(mode) ||
	    !epoll_peek(&sock, (struct socket **)&item->file->private_data) ||
	    !epoll_peek(&sk, &sock->sk) || !sk)
		return false;
	socket->sk = sk;
	if (!epoll_peek(&socket->common, &sk->__sk_common) ||
	    !epoll_peek(&socket->protocol, &sk->sk_protocol) ||
	    !epoll_peek(&socket->type, &sk->sk_type) ||
	    !epoll_peek(&socket->shutdown, &sk->sk_shutdown) ||
	    !epoll_peek(&socket->flags, &sk->sk_flags) ||
	    !epoll_peek(&socket->error, &sk->sk_err))
		return false;
	return true;
}

static bool is_inet(const struct target_socket *socket)
{
	return socket->common.skc_family == AF_INET ||
	       socket->common.skc_family == AF_INET6;
}

static bool is_tcp(const struct target_socket *socket)
{
	return is_inet(socket) && socket->type == SOCK_STREAM &&
	       socket->protocol == IPPROTO_TCP;
}

static bool is_udp(const struct target_socket *socket)
{
	return is_inet(socket) && socket->type == SOCK_DGRAM &&
	       socket->protocol == IPPROTO_UDP;
}

/* The first packet of a queue. */
static bool queue_read(const struct sk_buff_head *queue,
		       struct epoll_unread *unread)
{
	const struct sk_buff *skb;
	unsigned int len;

	if (!epoll_peek(&skb, (struct sk_buff **)&queue->next) ||
	    skb == (const struct sk_buff *)queue ||
	    !epoll_peek(&len, &skb->len))
		return false;
	unread->bytes = len;
	unread->mark = (unsigned long)skb;
	return true;
}

static enum epoll_read read_if(bool something)
{
	return something ? EPOLL_SOMETHING : EPOLL_NOTHING;
}

/*
 * As tcp_poll(): what waits to be accepted, or as many bytes as the reader wants.
 * TLS may hold bytes back, and an urgent byte is not for everybody.
 */
static enum epoll_read tcp_read(const struct target_socket *socket,
				struct epoll_unread *unread)
{
	const struct tcp_sock *tp = tcp_sk(socket->sk);
	const struct inet_connection_sock *icsk = inet_csk(socket->sk);
	const void *queue, *ulp;
	u32 received, copied;
	u16 urgent;
	int wanted;

	if (socket->common.skc_state == TCP_LISTEN) {
		if (!epoll_peek(&queue, (void **)
				&icsk->icsk_accept_queue.rskq_accept_head))
			return EPOLL_NOT_NOW;
		unread->mark = (unsigned long)queue;
		return read_if(queue);
	}
	if (socket->common.skc_state == TCP_SYN_SENT)
		return EPOLL_NOTHING;
	if (!((1 << socket->common.skc_state) &
	      (TCPF_ESTABLISHED | TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2 |
	       TCPF_CLOSE_WAIT)) ||
	    !epoll_peek(&ulp, (void **)&icsk->icsk_ulp_ops))
		return EPOLL_NOT_NOW;
	if (ulp)
		return EPOLL_CANNOT_SAY;
	if (!epoll_peek(&urgent, &tp->urg_data) || urgent ||
	    !epoll_peek(&received, &tp->rcv_nxt) ||
	    !epoll_peek(&copied, &tp->copied_seq) ||
	    !epoll_peek(&wanted, &socket->sk->sk_rcvlowat))
		return EPOLL_NOT_NOW;
	/* It may be read at this moment; the end has a number, too. */
	unread->bytes = max((s32)(received - copied -
				  test_bit(SOCK_DONE, &socket->flags)), 0);
	unread->mark = copied;
	/* To be told of the end is as good as data. */
	return read_if(unread->bytes >= max(wanted, 1) ||
		       socket->shutdown & RCV_SHUTDOWN);
}

/* From the first queue packets move to the second, which is read before. */
static enum epoll_read udp_read(const struct target_socket *socket,
				struct epoll_unread *unread)
{
	bool any = queue_read(&socket->sk->sk_receive_queue, unread);

	any |= queue_read(&udp_sk(socket->sk)->reader_queue, unread);
	return read_if(any);
}

static enum epoll_read socket_read(const struct target_socket *socket,
				   struct epoll_unread *unread)
{
	bool any, ended = socket->shutdown & RCV_SHUTDOWN;
	const void *user;

	/* BPF, or a tunnel, may take what comes in. */
	if (socket->error ||
	    !epoll_peek(&user, (void **)&socket->sk->sk_user_data) || user)
		return EPOLL_NOT_NOW;
	if (is_tcp(socket))
		return tcp_read(socket, unread);
	if (socket->common.skc_family == AF_UNIX) {
		any = queue_read(&socket->sk->sk_receive_queue, unread);
		/* How much of the first is read already, it keeps to itself. */
		unread->bytes = 0;
		return read_if(any || ended);
	}
	if (!is_udp(socket))
		return EPOLL_CANNOT_SAY;
	if (ended)
		return EPOLL_NOT_NOW;
	return udp_read(socket, unread);
}

/*
 * A writer tells of what it wrote as it leaves the pipe's mutex, which it keeps
 * while it waits for the pages of its source.
 */
static enum epoll_read pipe_read(const struct epoll_item *item,
				 struct epoll_unread *unread)
{
	struct pipe_inode_info *pipe;
	typeof(pipe->head) head;
	typeof(pipe->tail) tail;
	struct mutex mutex; /* a copy */
	fmode_t mode;

	if (!epoll_peek(&mode, &item->file->f_mode))
		return EPOLL_NOT_NOW;
	if (!(mode & FMODE_READ))
		return EPOLL_NOTHING;
	if (!epoll_peek(&pipe, (struct pipe_inode_info **)
			&item->file->private_data) ||
	    !epoll_peek(&head, &pipe->head) ||
	    !epoll_peek(&tail, &pipe->tail) ||
	    !epoll_peek(&mutex, &pipe->mutex))
		return EPOLL_NOT_NOW;
	if (head == tail)
		return EPOLL_NOTHING;
	unread->mark = tail;
	return mutex_is_locked(&mutex) ? EPOLL_NOT_NOW : EPOLL_SOMETHING;
}

/**
 * epoll_target_read() - is there something to read?
 * @item: a copy
 * @unread: result
 *
 * Context: process, under rcu_read_lock().
 * Return: what can be said.
 */
enum epoll_read epoll_target_read(const struct epoll_item *item,
				  struct epoll_unread *unread)
{
	struct target_socket socket;
	umode_t mode;

	memset(unread, 0, sizeof(*unread));
	if (target_socket(item, &socket))
		return socket_read(&socket, unread);
	return target_inode(item, &mode) && S_ISFIFO(mode) ?
	       pipe_read(item, unread) : EPOLL_CANNOT_SAY;
}

/**
 * epoll_target_is_closing() - is it closed, but still there?
 * @item: a copy
 *
 * Of such a file epoll says that nothing is ready, until it is gone.
 *
 * Context: process, under rcu_read_lock().
 */
bool epoll_target_is_closing(const struct epoll_item *item)
{
	struct file file;

	return epoll_peek(&file, item->file) && !file_count(&file);
}

/**
 * epoll_target_arrived() - when did the latest data come in?
 * @item: a copy
 * @at: result, the jiffy
 *
 * TCP notes that; not when the end came.
 *
 * Context: process, under rcu_read_lock().
 * Return: false if it is not known.
 */
bool epoll_target_arrived(const struct epoll_item *item, u32 *at)
{
	const struct inet_connection_sock *icsk;
	struct target_socket socket;

	if (!target_socket(item, &socket) || !is_tcp(&socket) ||
	    socket.common.skc_state == TCP_LISTEN ||
	    socket.shutdown & RCV_SHUTDOWN)
		return false;
	icsk = inet_csk(socket.sk);
	return epoll_peek(at, &icsk->icsk_ack.lrcvtime);
}

static void name_addresses(const struct target_socket *socket,
			   struct epoll_target *target)
{
	const struct sock_common *common = &socket->common;
	u16 port = ntohs(common->skc_dport);

	if (common->skc_family == AF_INET)
		scnprintf(target->name, sizeof(target->name), "%pI4:%u-%pI4:%u",
			  &common->skc_rcv_saddr, common->skc_num,
			  &common->skc_daddr, port);
#if IS_ENABLED(CONFIG_IPV6)
	else
		scnprintf(target->name, sizeof(target->name),
			  "[%pI6c]:%u-[%pI6c]:%u", &common->skc_v6_rcv_saddr,
			  common->skc_num, &common->skc_v6_daddr, port);
#endif
}

static void name_socket(const struct target_socket *socket,
			struct epoll_target *target)
{
	if (is_inet(socket)) {
		strscpy(target->kind, is_tcp(socket) ? "tcp" :
			is_udp(socket) ? "udp" : "inet",
			sizeof(target->kind));
		name_addresses(socket, target);
	} else {
		strscpy(target->kind, socket->common.skc_family == AF_UNIX ?
			"unix" : "socket", sizeof(target->kind));
	}
}

/* "[eventfd]" is the name of all of them; others may be named by anybody. */
static void name_anonymous(const struct epoll_item *item,
			   struct epoll_target *target)
{
	char name[sizeof(target->kind) + 1] = "", *end;
	const struct super_block *sb;
	const struct dentry *dentry;
	const unsigned char *where;
	unsigned long magic;

	strscpy(target->kind, "file", sizeof(target->kind));
	if (!epoll_peek(&dentry, (struct dentry **)&item->file->f_path.dentry) ||
	    !epoll_peek(&sb, (struct super_block **)&dentry->d_sb) ||
	    !epoll_peek(&magic, &sb->s_magic) ||
	    magic != ANON_INODE_FS_MAGIC ||
	    !epoll_peek(&where, &dentry->d_name.name) ||
	    copy_from_kernel_nofault(name, where, sizeof(name) - 1))
		return;
	end = strchr(name, ']');
	if (name[0] != '[' || !end)
		return;
	*end = '\0';
	stall_escape(target->kind, sizeof(target->kind), name + 1,
		     end - name - 1, false);
}

/**
 * epoll_target_look() - what an item watches
 * @item: a copy
 * @target: result
 *
 * Context: process, under rcu_read_lock().
 */
void epoll_target_look(const struct epoll_item *item,
		       struct epoll_target *target)
{
	struct epoll_unread unread;
	struct target_socket socket;
	const struct inode *inode;
	unsigned long number;
	umode_t mode;

	target->fd = item->fd;
	target->events = (__force u32)item->event.events;
	epoll_target_read(item, &unread);
	target->bytes = unread.bytes;
	if (target_socket(item, &socket))
		name_socket(&socket, target);
	else
		name_anonymous(item, target);
	inode = target_inode(item, &mode);
	if (!inode || !epoll_peek(&number, (unsigned long *)&inode->i_ino))
		return;
	if (S_ISFIFO(mode))
		strscpy(target->kind, "pipe", sizeof(target->kind));
	if ((S_ISFIFO(mode) || S_ISSOCK(mode)) && !target->name[0])
		scnprintf(target->name, sizeof(target->name), "%s:[%lu]",
			  S_ISFIFO(mode) ? "pipe" : "socket", number);
}
