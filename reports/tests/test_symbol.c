/* What keys say of functions: the same for the wording of all compilers and tools. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reports/symbol.h"

static void check(const char *name, const char *wanted)
{
	assert_string_equal(symbol_name(name), wanted);
}

static void test_c(void **state)
{
	(void)state;
	check("f", "f");
	check("f.part.0", "f");
	check("f.isra.0.cold", "f");
	check("f.constprop.0.isra.0", "f");
	check("f.llvm.123", "f");
	check("pthread_create@@GLIBC_2.34", "pthread_create");
	check("memcpy@GLIBC_2.2.5", "memcpy");
	check("f(int, char *)", "f");
	check("f ??:0", "f");
	check("", "");
	check("(below main)", "(below main)");
	check("<signal handler called>", "<signal handler called>");
	check("-[Foo bar:baz:]", "-[Foo bar:baz:]");
}

static void test_cpp(void **state)
{
	(void)state;
	check("A::f(int) const", "A::f");
	check("A::f() &&", "A::f");
	check("(anonymous namespace)::f(int)", "f");
	check("{anonymous}::f(int)", "f");
	check("void f<int>(int)", "f<int>");
	check("unsigned long A<int>::f<char>(char) const", "A<int>::f<char>");
	check("f<int>", "f<int>");
	check("std::__cxx11::basic_string<char>::size() const", "std::basic_string<char>::size");
	check("std::__1::vector<A, B<A> >::at(unsigned long)", "std::vector<A, B<A>>::at");
	check("non-virtual thunk to A::f()", "A::f");
	check("A::f(int) [clone .part.0]", "A::f");
	check("A[abi:cxx11]", "A");
	check("void g<std::function<void (int)>>(std::function<void (int)>)", "g<std::function<void >>");
}

static void test_operators(void **state)
{
	(void)state;
	check("operator new(unsigned long)", "operator new");
	check("operator delete[](void*)", "operator delete[]");
	check("A::operator()(int) const", "A::operator()");
	check("A::operator bool() const", "A::operator bool");
	check("A& A::operator=<B>(B const&)", "A::operator=<B>");
	check("std::ostream& operator<< <char>(std::ostream&, char)", "operator<< <char>");
	check("A::operator->() const", "A::operator->");
	check("operator_of(int)", "operator_of");
}

static void test_lambdas(void **state)
{
	(void)state;
	check("main::{lambda(int)#1}::operator()(int) const", "main::{}");
	check("main::$_0::operator()(int) const", "main::{}");
	check("f(int)::'lambda'(int)::operator()(int) const", "f::{}");
	check("f(int)::'lambda0'()::operator()() const", "f::{}");
	check("f(int)::<lambda(int)>", "f::{}");
}

static void test_null(void **state)
{
	(void)state;
	assert_null(symbol_name(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_c),	  cmocka_unit_test(test_cpp),
		cmocka_unit_test(test_operators), cmocka_unit_test(test_lambdas),
		cmocka_unit_test(test_null),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
