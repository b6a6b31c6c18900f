/** The passwords of 8 characters and more that leaked lists hold most often: the first that anybody tries. */
const COMMON = new Set(
  `12345678 123456789 1234567890 123123123 password password1 password12 password123 password1234 passw0rd p@ssw0rd
p@ssword pa$$word passwort 11111111 111111111 1111111111 00000000 000000000 0000000000 22222222 33333333 44444444
55555555 66666666 77777777 88888888 99999999 999999999 87654321 987654321 9876543210 0123456789 012345678 01234567
12341234 11223344 1122334455 112233445566 12121212 123321123 123454321 12344321 123456781 1234567891 12345678910
123456789a 123456789q 12345678a 12345678q a12345678 a123456789 q12345678 aa123456 aa12345678 abc12345 abc123456
abcd1234 abcd12345 abcdefgh abcdefghi abcdefg1 abcdef123 abcabcabc qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234
qwerty12345 qwerty123456 qwertyqwerty qwer1234 qwer12345 qwerasdf qwerasdfzxcv qweasdzxc qweqweqwe qwe123qwe
1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qazxsw2 zaq12wsx zaq1zaq1 q1w2e3r4 q1w2e3r4t5 asdfghjk
asdfghjkl asdf1234 asdfasdf asdasdasd asdqwe123 zxcvbnm1 zxcvbnm123 zxcvbnm, zxcv1234 zxczxczxc 147258369 147852369
159357258 159753456 741852963 789456123 963852741 123698745 321654987 iloveyou iloveyou1 iloveyou2 iloveyou12
iloveyou123 iloveyou! iloveu123 loveyou123 lovelove loveme123 mylove123 sunshine sunshine1 princess princess1
football football1 baseball baseball1 basketball softball volleyball superman superman1 spiderman batman123
starwars starwars1 pokemon1 pokemon123 minecraft minecraft1 fortnite master123 mastermaster michael1 jennifer
jennifer1 jordan23 jonathan samantha alexander alexandra charlie1 charlie123 jessica1 jessica123 ashley123
michelle michelle1 nicholas danielle victoria veronica christian christina elizabeth patricia stephanie benjamin
computer computer1 internet internet1 whatever whatever1 trustno1 welcome1 welcome12 welcome123 welcome1234
letmein1 letmein123 letmeinnow changeme changeme1 changeme123 changeit administrator admin123 admin1234 admin12345
admin123456 adminadmin root1234 rootroot toor1234 test1234 test12345 testtest testing1 testing123 guest123 guest1234
user1234 username default1 secret123 secret12 supersecret login123 access14 hello123 hello1234 hellohello
helloworld goodluck blink182 cheese123 chocolate chocolate1 butterfly butterfly1 babygirl babygirl1 beautiful
blessed1 barcelona liverpool liverpool1 manchester arsenal1 chelsea1 juventus realmadrid midnight mercedes
corvette mustang1 ferrari1 porsche1 harley123 yamaha123 elephant dolphin1 dolphins penguin1 tigger123 snoopy123
garfield scooby123 simpsons marlboro budweiser guinness rockstar rockyou1 metallica slipknot nirvana1 eminem123
einstein sherlock dragon12 dragon123 monkey12 monkey123 shadow12 shadow123 killer123 hunter12 hunter123 freedom1
freedom123 facebook facebook1 google123 youtube1 linkedin linkedin1 samsung1 samsung123 nokia123 iphone123 windows1
windows10 microsoft linux123 january1 february september september1 october1 november november1 december december1
summer12 summer123 winter123 spring123 autumn123 summer2020 summer2021 summer2022 summer2023 summer2024 summer2025
winter2023 winter2024 winter2025 qazwsxedc qazwsx123 qazwsxed 1234qwer 1234abcd 1234asdf 123qweasd 123qwe123
123456qwerty 123456abc 1234567a 1234567q 12qwaszx 12345qwert 123abc123 a1b2c3d4 a1b2c3d4e5 aaaaaaaa aaaaaaaaaa
zzzzzzzz xxxxxxxx xxxxxxxxxx security security1 letmein! password! password1! password123! p@ssw0rd1 p@ssw0rd123
passw0rd1 passw0rd123 pass1234 pass12345 pass@123 pass@1234 mypassword newpassword nopassword dkssud12 dkssudgktpdy
tkfkdgo1 tkfkdgody qkrwlgns rlarlarl wjdwjdwjd`.split(/\s+/),
);

export function isCommonPassword(password: string): boolean {
  return COMMON.has(password.toLowerCase());
}
