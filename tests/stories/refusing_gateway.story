# The SMS gateway refuses every message: the second channel carries; officer and owner notice nothing else
start 14:30
sms by smpp, then http
cabin 松林客栈, owner Ailin
  room 203房 on 2号箱 3号开关, 40 A
203房 current every 10s: 34 x 30
203房 leakage every 10s: 380 x 30
at 1s    smpp refuses
at 2m    Bolat replies "1"
expect at 20s    notice sms to Ailin, "203房", by http
expect at 20s    notice sms to Bolat, "203房", by http
expect at 2m     case taken, leakage, Bolat
expect none      notice, by smpp
expect none      notice voice to Ailin
