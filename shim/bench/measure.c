/* measure COMMAND...: runs it, prints "CPU-SECONDS PEAK-MB"; ends with 1 if the command failed. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage used;
	int status;

	if (argc < 2)
		return 2;
	pid_t child = fork();
	if (child == 0) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &used) < 0)
		return 2;
	printf("%.3f %.0f\n",
	        (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	                (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6,
	        (double)used.ru_maxrss / 1024);
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}
